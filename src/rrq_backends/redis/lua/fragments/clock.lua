-- The server's clock: `now` as text (tostring would cut it to 14 digits) and as a number of seconds.
local time = redis.call('TIME')
local now = string.format('%d.%06d', time[1], time[2])
local now_number = tonumber(time[1]) + tonumber(time[2]) / 1000000

-- A number of seconds after now, as text.
local function after(seconds)
  return string.format('%.6f', now_number + seconds)
end
