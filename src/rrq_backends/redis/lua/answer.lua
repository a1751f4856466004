-- Keep the answer to a message and take the message off its list.
-- ARGV: Q, W, session, message id, body, what the worker becomes or ''
-- Returns: 1; 0 if it was answered before; 'FENCED'
-- Law: a message stays until it is answered, so that a lost reply shows it again.
-- include: keys
if redis.call('HGET', key('worker:session'), ARGV[2]) ~= ARGV[3] then
  return 'FENCED'
end
local head = redis.call('LINDEX', worker_key(ARGV[2], 'message'), 0)
if not head or string.sub(head, 1, #ARGV[4] + 1) ~= ARGV[4] .. ' ' then
  return 0
end
redis.call('HSET', worker_key(ARGV[2], 'response'), ARGV[4], ARGV[5])
redis.call('LPOP', worker_key(ARGV[2], 'message'))
if ARGV[6] ~= '' then
  redis.call('HSET', key('worker:status'), ARGV[2], ARGV[6])
end
return 1
