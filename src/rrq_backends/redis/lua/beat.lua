-- Renew the heartbeat keys of workers.
-- ARGV: Q, n × (W, session, heartbeat key, expiry in milliseconds (0: clear), value)
-- Returns: 1 for each that was renewed, 0 where that session is over
-- Law: only the session of an active worker keeps its heartbeat alive.
-- include: keys
local reply = {}
for at = 2, #ARGV, 5 do
  local worker, beating, expiry = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3])
  local ours = redis.call('SISMEMBER', key('worker:id'), worker) == 1
    and redis.call('HGET', key('worker:session'), worker) == ARGV[at + 1]
  if ours and expiry > 0 then
    redis.call('SET', beating, ARGV[at + 4], 'PX', expiry)
  elseif ours then
    redis.call('DEL', beating)
  end
  reply[#reply + 1] = ours and 1 or 0
end
return reply
