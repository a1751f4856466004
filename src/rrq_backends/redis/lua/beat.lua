-- Renew the heartbeat keys of workers.
-- ARGV: Q, n × (W, session, expiry in milliseconds (0: clear), value)
-- Returns: 1 for each that was renewed, 0 where that session is over
-- Law: only the session of an active worker keeps its heartbeat alive; who beats is not late any more.
-- include: keys
local reply = {}
for at = 2, #ARGV, 4 do
  local worker, expiry = ARGV[at], tonumber(ARGV[at + 2])
  local ours = redis.call('SISMEMBER', key('worker:id'), worker) == 1
    and redis.call('HGET', key('worker:session'), worker) == ARGV[at + 1]
  if ours and expiry > 0 then
    redis.call('SET', worker_key(worker, 'heartbeat'), ARGV[at + 3], 'PX', expiry)
    redis.call('HDEL', key('worker:late'), worker)
  elseif ours then
    redis.call('DEL', worker_key(worker, 'heartbeat'))
  end
  reply[#reply + 1] = ours and 1 or 0
end
return reply
