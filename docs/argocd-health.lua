-- Argo CD: the health of a ChatCluster, from its conditions.
-- In argocd-cm: resource.customizations.health.chatcluster.dev_ChatCluster: | (this file)
local function health(status, message)
  return {status = status, message = message}
end

if obj.status == nil or obj.status.conditions == nil then
  return health("Progressing", "the operator has not looked at it yet")
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator has not looked at the latest spec yet")
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end

local function holds(name)
  return conditions[name] ~= nil and conditions[name].status == "True"
end

local function message(name)
  return conditions[name] ~= nil and conditions[name].message or ""
end

if holds("Paused") and conditions["Paused"].reason == "All" then
  return health("Suspended", message("Paused"))
end
if holds("Degraded") then
  return health("Degraded", message("Degraded"))
end
if holds("Ready") then
  return health("Healthy", message("Ready"))
end
return health("Progressing", message("Ready"))
