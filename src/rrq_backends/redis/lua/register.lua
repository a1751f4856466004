-- Enter a worker under its id, with a session of its own.
-- ARGV: Q, W, session, info (JSON), process log or '', heartbeat key or '', its period and expiry in seconds
-- Returns: {'OK', dependents left to release}; {'TAKEN', expires} where a worker of this id is alive, expires: 1 if it has a heartbeat
-- Law: one session a worker id; what a predecessor ran is settled before it is taken over.
-- include: keys clock wake object end_task enqueue release attempt lose
local W, session, beating, period, expire = ARGV[2], ARGV[3], ARGV[6], ARGV[7], ARGV[8]
local found = redis.call('HGET', key('worker:session'), W)
if found == session then
  return {'OK', 0}
end
if found then
  local terms = redis.call('HGET', key('worker:heartbeat'), W)
  if not terms or redis.call('EXISTS', string.match(terms, '^%S+ %S+ (.*)$')) == 1 then
    return {'TAKEN', terms and 1 or 0}
  end
end
redis.call('HSET', key('worker:session'), W, session)
settle(W, 'lost', W)
forget_heartbeat(W)
redis.call('DEL', worker_key(W, 'message'), worker_key(W, 'wake'))
redis.call('HDEL', key('worker:late'), W)
redis.call('HDEL', key('worker:left'), W)
redis.call('SADD', key('worker:id'), W)
redis.call('HSET', key('worker:status'), W, 'IDLE')
redis.call('HSET', key('worker:info'), W, ARGV[4])
if ARGV[5] ~= '' then
  redis.call('HSET', key('worker:process'), W, ARGV[5])
else
  redis.call('HDEL', key('worker:process'), W)
end
if beating ~= '' then
  redis.call('DEL', beating .. ':kill')
  redis.call('HSET', key('worker:heartbeat'), W, period .. ' ' .. expire .. ' ' .. beating)
  redis.call('SET', beating, expire, 'PX', math.ceil(tonumber(expire) * 1000))
end
return {'OK', redis.call('SCARD', key('task:releasing'))}
