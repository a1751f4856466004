-- Enter a worker under its id, with a session of its own.
-- ARGV: Q, W, session, info (JSON), process log or '', period and expiry of its heartbeat in seconds, or '' and ''
-- Returns: {'OK', dependents left to release}; {'TAKEN', expires} where a worker of this id is alive, expires: 1 if it has a heartbeat
-- Law: one session a worker id; what a predecessor ran is settled before it is taken over, and nothing that was left for
--   it, message or signal, reaches who comes after it.
-- include: keys clock wake object end_task enqueue release attempt lose lapse
local W, session, period, expire = ARGV[2], ARGV[3], ARGV[6], ARGV[7]
local beating = worker_key(W, 'heartbeat')
local found = redis.call('HGET', key('worker:session'), W)
if found == session then
  return {'OK', redis.call('SCARD', key('task:releasing'))}
end
if found then
  local expires = redis.call('HEXISTS', key('worker:terms'), W)
  if expires == 0 or redis.call('EXISTS', beating) == 1 then
    return {'TAKEN', expires}
  end
  redis.call('RPUSH', worker_key(W, 'log'), now .. ' LOST its heartbeat has lapsed, and its id was taken over')
end
redis.call('HSET', key('worker:session'), W, session)
settle(W, 'lost', W .. ': its heartbeat had lapsed, and its id was taken over')
clear_desk(W)
redis.call('HDEL', key('worker:left'), W)
redis.call('SADD', key('worker:id'), W)
redis.call('HSET', key('worker:status'), W, 'IDLE')
redis.call('HSET', key('worker:info'), W, ARGV[4])
if ARGV[5] ~= '' then
  redis.call('HSET', key('worker:process'), W, ARGV[5])
else
  redis.call('HDEL', key('worker:process'), W)
end
if period ~= '' then
  redis.call('HSET', key('worker:terms'), W, period .. ' ' .. expire)
  redis.call('SET', beating, expire, 'PX', math.ceil(tonumber(expire) * 1000))
  local last, next = last_and_next()
  note_recovery(last, math.min(next, now_number + late_after(tonumber(period))))
end
return {'OK', redis.call('SCARD', key('task:releasing'))}
