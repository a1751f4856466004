-- Delete all that is kept of workers that have gone.
-- ARGV: Q, W …
-- Returns: those that were EXITED or LOST and are forgotten.
-- Law: nothing of a forgotten worker is left; an active one is not touched.
-- include: keys
local FIELDS = {'worker:status', 'worker:task', 'worker:info', 'worker:process', 'worker:session', 'worker:left'}
local forgotten = {}
for at = 2, #ARGV do
  local W = ARGV[at]
  local status = redis.call('HGET', key('worker:status'), W)
  if status == 'EXITED' or status == 'LOST' then
    for _, field in ipairs(FIELDS) do
      redis.call('HDEL', key(field), W)
    end
    redis.call('DEL', worker_key(W, 'message'), worker_key(W, 'response'), worker_key(W, 'log'), worker_key(W, 'wake'))
    forgotten[#forgotten + 1] = W
  end
end
return forgotten
