-- include: keys
-- Lines of a worker's log, the oldest cut off at `cap`.
local function write_log(worker, cap, lines)
  if #lines > 0 and redis.call('RPUSH', worker_key(worker, 'log'), unpack(lines)) > cap then
    redis.call('LTRIM', worker_key(worker, 'log'), -cap, -1)
  end
end
