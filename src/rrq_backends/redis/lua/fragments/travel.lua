-- include: keys
-- The stored values of a task that travel along with it, at most 64 KiB of them: {H, bytes …}.
local TRAVEL = 65536

local function values_of(id)
  local travelling, room = {}, TRAVEL
  for _, hash in ipairs(redis.call('SMEMBERS', S .. ':tag_hash:' .. id)) do
    local size = redis.call('HSTRLEN', S .. ':data', hash)
    if size > 0 and size <= room then
      room = room - size
      travelling[#travelling + 1] = hash
      travelling[#travelling + 1] = redis.call('HGET', S .. ':data', hash)
    end
  end
  return travelling
end
