-- The server's clock: `now` as text, and as a number of seconds where one is needed (tostring of it would keep 14 digits).
local time = redis.call('TIME')
local now = time[1] .. '.' .. string.sub('00000' .. time[2], -6)
local now_number = tonumber(now)

-- A number of seconds after now, as text.
local function after(seconds)
  return string.format('%.6f', tonumber(now) + seconds)
end
