-- Have an inbox told when tasks end, and answer those that are over already.
-- ARGV: Q, inbox, T … (1,000 at most)
-- Returns: {T, status …} of those that are over, MISSING for unknown ones.
-- Law: whoever watches a task is told of its end, by this answer or in its inbox; watching twice tells once.
-- include: keys clock presence end_task watching statuses
local inbox = ARGV[2]
if is_there() then
  redis.call('ZADD', key('waiters'), now, inbox)
end
if #ARGV < 3 then
  return {}
end
local ids = {unpack(ARGV, 3)}
local statuses = redis.call('HMGET', key('task:status'), unpack(ids))
local watchers = redis.call('HMGET', key('task:watchers'), unpack(ids))
local over = {}
for at, id in ipairs(ids) do
  if LIVE[statuses[at]] then
    add_watcher(id, watchers[at], inbox)
  else
    over[#over + 1] = id
    over[#over + 1] = statuses[at] or 'MISSING'
    redis.call('DEL', complete_key(id))
  end
end
return over
