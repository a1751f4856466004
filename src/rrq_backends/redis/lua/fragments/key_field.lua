-- Under which field of `task:key` an idempotency key stands; the keys of a named group are its own.
local function key_field(options)
  if options.group then
    return 'group ' .. options.group .. ' ' .. options.key
  end
  return 'key ' .. options.key
end
