-- Enter a controller and write what is absent: the schema, the configuration, the default worker configurations.
-- ARGV: Q, schema, info, configuration, then (name, worker configuration) …
-- Returns: {'OK', schema found, configuration found}; {'FOREIGN', key} where one of our keys is somebody else's.
-- Law: a queue's schema and configuration are written once; a second run enters the controller once.
-- include: keys
local MOST_CONTROLLERS = 100
local TYPES = {
  version = 'string', configuration = 'string', controller = 'list', envir = 'string', queues = 'set', groups = 'set',
  ['task:status'] = 'hash', ['worker:config'] = 'hash', ['worker:id'] = 'set', ['worker:status'] = 'hash',
  ['object_store:data'] = 'hash',
}

local is_new = redis.call('EXISTS', key('version')) == 0
for name, wanted in pairs(TYPES) do
  local found = redis.call('TYPE', key(name)).ok
  if found ~= 'none' and (found ~= wanted or (is_new and name == 'controller')) then
    return {'FOREIGN', key(name)}
  end
end

redis.call('SETNX', key('version'), ARGV[2])
redis.call('SETNX', key('configuration'), ARGV[4])
for at = 5, #ARGV, 2 do
  redis.call('HSETNX', key('worker:config'), ARGV[at], ARGV[at + 1])
end
if redis.call('LINDEX', key('controller'), 0) ~= ARGV[3] then
  redis.call('LPUSH', key('controller'), ARGV[3])
  redis.call('LTRIM', key('controller'), 0, MOST_CONTROLLERS - 1)
end
return {'OK', redis.call('GET', key('version')), redis.call('GET', key('configuration'))}
