-- Verify laws, each subject by itself, and mend what is broken where that is asked for.
-- ARGV: Q, kind (ground, task, queued, pending, worker, value, key, group), repair 0/1, subject …
--   queued: queue name and task id by turns; group: group name and task id by turns
-- Returns: {{law, subject, sentence, mended 0/1} …}
-- Law: what is verified and mended here is seen whole: nothing comes between a look and its mending.
-- include: keys clock wake object drop end_task enqueue release erase attempt lose finding check_fields check_ties check_tags check_worker check_names statuses
local function check_task(id)
  local status = field('status', id)
  if not status or not KNOWN_STATUS[status] then
    return broken('task-fields', id, 'has fields of a task, and no status', function() erase({id}, {}, {}) end)
  end
  check_always(id, status)
  check_forbidden(id, status)
  check_stored(id, status)
  check_marks(id, status)
  check_own_key(id)
  check_own_group(id)
  if status == 'RUNNING' then
    check_running(id)
  elseif not LIVE[status] and status ~= 'MOVED' then
    check_ended(id, status)
  end
  check_parents(id, status)
  check_children(id, status)
  check_chain(id, status)
end

-- What mending needs: options that can be read, values that know who wants them.
local function check_ground(id)
  check_readable(id)
  check_tag(id)
  check_tag(id .. ':checkpoint')
end

-- An id in a queue list that should not be there, or not twice.
local function check_queued(name, id)
  local places = redis.call('LPOS', queue_key(name), id, 'COUNT', 0)
  if #places == 0 then
    return
  end
  local status = field('status', id)
  if status ~= 'PENDING' or field('queue', id) ~= name then
    broken('queued-is-pending', id, 'is in the queue ' .. name .. ' and is ' .. (status or 'not there'),
      function() redis.call('LREM', queue_key(name), 0, id) end)
  elseif #places > 1 then
    broken('pending-in-one-queue', id, 'is in the queue ' .. name .. ' ' .. #places .. ' times',
      function() redis.call('LREM', queue_key(name), 1 - #places, id) end)
  end
end

local function check_pending(id)
  local name = field('queue', id)
  if field('status', id) == 'PENDING' and name and not redis.call('LPOS', queue_key(name), id) then
    broken('pending-in-one-queue', id, 'is PENDING and in no queue', function() enqueue(id, false) end)
  end
end

local CHECKS = {
  ground = check_ground, task = check_task, pending = check_pending, worker = check_worker, value = check_value,
  key = check_key,
}
local CHECKS_OF_PAIRS = {queued = check_queued, group = check_group}

if CHECKS[ARGV[2]] then
  for at = 4, #ARGV do
    CHECKS[ARGV[2]](ARGV[at])
  end
else
  for at = 4, #ARGV, 2 do
    CHECKS_OF_PAIRS[ARGV[2]](ARGV[at], ARGV[at + 1])
  end
end
return found
