-- Delete all that is kept of workers that have gone.
-- ARGV: Q, even those that nobody can tell to be gone 0/1, W …
-- Returns: {dependents left to release, those that are forgotten: they were EXITED or LOST, or active without a heartbeat}
-- Law: nothing of a forgotten worker is left, and what it held is settled; an active one with a heartbeat is not touched.
-- include: keys clock wake object end_task enqueue release attempt lose
local FIELDS = {'worker:status', 'worker:task', 'worker:info', 'worker:process', 'worker:session', 'worker:left'}

local function is_silent(worker)
  return ARGV[2] == '1' and redis.call('SISMEMBER', key('worker:id'), worker) == 1
    and redis.call('HEXISTS', key('worker:terms'), worker) == 0
end

local forgotten = {}
for at = 3, #ARGV do
  local W = ARGV[at]
  local status = redis.call('HGET', key('worker:status'), W)
  local is_gone = status == 'EXITED' or status == 'LOST'
  if not is_gone and is_silent(W) then
    settle(W, 'lost', W .. ': it had no heartbeat, and was deleted')
    sign_off(W, 'LOST')
    is_gone = true
  end
  if is_gone then
    for _, field in ipairs(FIELDS) do
      redis.call('HDEL', key(field), W)
    end
    clear_desk(W)
    redis.call('DEL', worker_key(W, 'response'), worker_key(W, 'log'))
    forgotten[#forgotten + 1] = W
  end
end
return {redis.call('SCARD', key('task:releasing')), unpack(forgotten)}
