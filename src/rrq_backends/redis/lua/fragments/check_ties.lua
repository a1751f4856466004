-- include: keys end_task enqueue release finding check_fields reason statuses
-- What ties one task to others: dependencies, known both ways, and the retry chain.
local function is_known(id)
  return redis.call('HEXISTS', key('task:status'), id) == 1
end

local function is_member(id, part, other)
  return redis.call('SISMEMBER', task_key(id, part), other) == 1
end

local function take_out(id, part, other)
  return function() redis.call('SREM', task_key(id, part), other) end
end

-- A parent that is over, or being released, goes through `release`; a live one is told that somebody waits.
local function tie_again(id, parent)
  return function()
    redis.call('SADD', task_key(parent, 'depends:down'), id)
    if not LIVE[redis.call('HGET', key('task:status'), parent)] then
      redis.call('SADD', key('task:releasing'), parent)
      release({parent}, RELEASE_LIMIT)
    end
  end
end

local function check_parent(id, status, parent)
  if not is_known(parent) then
    return broken('dependency-is-known-both-ways', id, 'depends on ' .. parent .. ', which is not there', function()
      redis.call('SREM', task_key(id, 'depends:up'), parent)
      if status == 'DEFERRED' then
        redis.call('ZREM', key('task:due'), id)
        give_reason(id, 'deleted', parent)
        end_and_release(id, 'IMPOSSIBLE')
      end
    end)
  end
  if not is_member(parent, 'depends:down', id) and not is_member(parent, 'depends:impossible', id) then
    return broken('dependency-is-known-both-ways', id, 'waits for ' .. parent .. ', which does not know it',
      status == 'DEFERRED' and tie_again(id, parent) or take_out(id, 'depends:up', parent))
  end
  local is_settled_parent = not LIVE[redis.call('HGET', key('task:status'), parent)]
    and redis.call('SISMEMBER', key('task:releasing'), parent) == 0
  if status == 'DEFERRED' and is_settled_parent then
    broken('deferred-waits-for-something', id, 'waits for ' .. parent .. ', which is over', tie_again(id, parent))
  end
end

-- Its time counts from its submission; a moment before it nobody can tell whether it was let through.
local function check_delay(id, status)
  local delay, submitted = read_options(id).delay, tonumber(field('time_submit', id))
  local due = delay and submitted and submitted + delay
  if status == 'DEFERRED' and due and due > now_number + 0.001 and not redis.call('ZSCORE', key('task:due'), id) then
    broken('deferred-waits-for-something', id, 'is to start later, and has no time for it',
      function() redis.call('ZADD', key('task:due'), string.format('%.6f', due), id) end)
  end
end

local WAITS = {DEFERRED = true, IMPOSSIBLE = true}

local function check_parents(id, status)
  local parents = redis.call('SMEMBERS', task_key(id, 'depends:up'))
  if #parents > 0 and not WAITS[status] then
    broken('dependency-is-known-both-ways', id, 'is ' .. status .. ' and still waits for something', function()
      untie(id)
      redis.call('DEL', task_key(id, 'depends:up'))
    end)
    return
  end
  if #parents > 0 and redis.call('EXISTS', task_key(id, 'depends:up:original')) == 0 then
    broken('dependency-is-known-both-ways', id, 'waits for something, and what it was submitted with is lost',
      function() redis.call('SADD', task_key(id, 'depends:up:original'), unpack(parents)) end)
  end
  for _, parent in ipairs(parents) do
    check_parent(id, status, parent)
  end
  check_delay(id, status)
  if status == 'DEFERRED' and redis.call('EXISTS', task_key(id, 'depends:up')) == 0
    and not redis.call('ZSCORE', key('task:due'), id)
    and redis.call('HGET', key('task:status'), id) == 'DEFERRED' then
    broken('deferred-waits-for-something', id, 'is DEFERRED and waits for nothing', function() enqueue(id, true) end)
  end
end

local function check_children(id, status)
  for _, part in ipairs({'depends:down', 'depends:impossible'}) do
    for _, child in ipairs(redis.call('SMEMBERS', task_key(id, part))) do
      if not is_known(child) or not is_member(child, 'depends:up', id) then
        broken('dependency-is-known-both-ways', id, 'is said to be needed by ' .. child .. ', which does not wait for it',
          take_out(id, part, child))
      end
    end
  end
  -- Only what is live is waited for, and only for what has failed is anything IMPOSSIBLE; but while it is being released.
  local was_not_released = (not LIVE[status] and redis.call('EXISTS', task_key(id, 'depends:down')) == 1)
    or (not FAILED[status] and redis.call('EXISTS', task_key(id, 'depends:impossible')) == 1)
  if was_not_released and redis.call('SISMEMBER', key('task:releasing'), id) == 0 then
    broken('dependency-is-known-both-ways', id, 'is ' .. status .. ', and who depends on it does not know it', function()
      redis.call('SADD', key('task:releasing'), id)
      release({id}, RELEASE_LIMIT)
    end)
  end
end

local function check_chain(id, status)
  local to, root = field('moved_to', id), field('moved_root', id)
  if status == 'MOVED' and not (to and is_known(to)) then
    broken('retry-chain-is-whole', id, 'was MOVED, and the next of its chain is lost', function()
      redis.call('HDEL', key('task:moved_to'), id)
      redis.call('HSET', key('task:time_complete'), id, field('time_complete', id) or now)
      give_reason(id, 'damaged', 'the next of its retry chain was lost')
      redis.call('HSET', key('task:status'), id, 'DIED')
    end)
  elseif status == 'MOVED' and not field('time_moved', id) then
    broken('retry-chain-is-whole', id, 'was MOVED and has no time for it', set_field('time_moved', id, now))
  elseif status ~= 'MOVED' and to then
    broken('retry-chain-is-whole', id, 'is ' .. status .. ' and has a next of its chain', function()
      if is_known(to) then
        withdraw({id})
        redis.call('HSET', key('task:status'), id, 'MOVED')
      else
        redis.call('HDEL', key('task:moved_to'), id)
      end
    end)
  end
  if root and (not is_known(root) or leaf_of(root) ~= leaf_of(id)) then
    broken('retry-chain-is-whole', id, 'is of the chain of ' .. root .. ', which does not lead to it', function()
      redis.call('HSET', key('task:expr'), id, field('expr', root) or '')
      redis.call('HDEL', key('task:moved_root'), id)
    end)
  end
  if to and is_known(to) and not field('moved_root', to) then
    broken('retry-chain-is-whole', to, 'follows ' .. id .. ' and does not know its root', set_field('moved_root', to, root or id))
  end
end
