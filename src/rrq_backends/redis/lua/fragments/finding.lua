-- What a check finds: one entry for each broken law, and what mends it where mending is asked for.
local IS_REPAIR = ARGV[3] == '1'
local found = {}

local function broken(law, subject, sentence, mend)
  if IS_REPAIR and mend then
    mend()
  end
  found[#found + 1] = {law, subject, sentence, (IS_REPAIR and mend) and 1 or 0}
end
