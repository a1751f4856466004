-- Go on with the release of dependents of ended tasks, a portion at a time.
-- ARGV: Q, limit
-- Returns: how many ended tasks still have dependents to release.
-- Law: every dependent of an ended task is released, or fails, exactly once.
-- include: keys clock wake object end_task enqueue release
local parent = redis.call('SRANDMEMBER', key('task:releasing'))
if not parent then
  return 0
end
redis.call('SADD', key('task:releasing'), parent)  -- a full server refuses here, before anything is taken out
return release({parent}, tonumber(ARGV[2]))
