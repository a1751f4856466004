-- include: keys clock
-- `Q:recover`: when somebody last looked for lost work, and when that is worth while next; twice in half a second is not.
local BETWEEN = 0.5
local LATE = 1.5
local MARGIN = 0.005

-- A heartbeat that was renewed now is late, in so many periods, if it is not renewed again. Timers are coarse: whoever
-- woke a moment early would have to come again.
local function late_after(period)
  return LATE * period + MARGIN
end

local function last_and_next()
  local last, next = string.match(redis.call('GET', key('recover')) or '', '^(%S+) (.*)$')
  return tonumber(last) or 0, tonumber(next) or math.huge
end

local function note_recovery(last, next)
  next = math.max(next, last + BETWEEN)
  local told = next < math.huge and string.format('%.6f', next) or ''
  redis.call('SET', key('recover'), string.format('%.6f', last) .. ' ' .. told)
end
