-- include: keys
-- Why a task ended without a worker to speak for it, as JSON.
local function give_reason(id, kind, detail, call)
  redis.call('HSET', key('task:reason'), id, cjson.encode({kind = kind, detail = detail, call = call}))
end
