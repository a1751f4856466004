-- include: keys
-- The inboxes that are told when a task ends.
local function add_watcher(id, inboxes, inbox)
  inboxes = inboxes or ''
  if not string.find(inboxes, inbox, 1, true) then
    redis.call('HSET', key('task:watchers'), id, inboxes == '' and inbox or inboxes .. ' ' .. inbox)
  end
end
