-- The health of a Session, VMPool or VM (berth.dev) in Argo CD: what kstatus reads, in its order, so that Argo CD, Flux and
-- kubectl agree. A session is healthy from its start on, and stays so once it has ended well; one that failed is degraded.
local function health(status, message)
  return { status = status, message = message or "" }
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "is being deleted")
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "waits for Berth's controller")
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local function isTrue(condition)
  return condition ~= nil and condition.status == "True"
end

if isTrue(conditions.Reconciling) then
  return health("Progressing", conditions.Reconciling.message)
end
if isTrue(conditions.Stalled) then
  return health("Degraded", conditions.Stalled.message)
end

local ready = conditions.Ready
if not isTrue(ready) then
  return health("Progressing", ready ~= nil and ready.message or "waits for Berth's controller")
end
if obj.kind == "VMPool" and obj.spec.paused then
  return health("Suspended", ready.message)
end
return health("Healthy", ready.message)
