-- include: keys
-- The last task of a retry chain.
local function leaf_of(id)
  local leaf = id
  local next = redis.call('HGET', key('task:moved_to'), leaf)
  while next do
    leaf = next
    next = redis.call('HGET', key('task:moved_to'), leaf)
  end
  return leaf
end
