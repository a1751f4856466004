-- Put a message to workers and wake them.
-- ARGV: Q, nonce, body, W …
-- Returns: {'OK', message id}; {'NO_WORKER', W …}, nothing written
-- Law: ids are the server's time and increase; a nonce seen before sends nothing and gives its id again.
-- include: keys clock wake
local KEPT = 600000000
local sent = redis.call('ZSCORE', key('message:sent'), ARGV[2])
local function as_id(microseconds)
  return string.format('%d.%06d', math.floor(microseconds / 1000000), microseconds % 1000000)
end
if sent then
  return {'OK', as_id(tonumber(sent))}
end
local missing = {}
for at = 4, #ARGV do
  if redis.call('SISMEMBER', key('worker:id'), ARGV[at]) == 0 then
    missing[#missing + 1] = ARGV[at]
  end
end
if #missing > 0 then
  return {'NO_WORKER', unpack(missing, 1, 100)}
end
local microseconds = tonumber(time[1]) * 1000000 + tonumber(time[2])
local last = redis.call('ZRANGE', key('message:sent'), -1, -1, 'WITHSCORES')[2]
microseconds = math.max(microseconds, (tonumber(last) or 0) + 1)
local score = string.format('%.0f', microseconds)
redis.call('ZADD', key('message:sent'), score, ARGV[2])
redis.call('ZREMRANGEBYSCORE', key('message:sent'), '-inf', string.format('%.0f', microseconds - KEPT))
local id = as_id(microseconds)
for at = 4, #ARGV do
  redis.call('RPUSH', worker_key(ARGV[at], 'message'), id .. ' ' .. ARGV[3])
  wake_worker(ARGV[at])
end
return {'OK', id}
