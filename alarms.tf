# Whom the alarms tell, and those on what the functions emit themselves.
locals {
  has_own_topic = var.alarms.enabled && length(var.alarms.topic_arns) == 0
  has_dashboard = coalesce(var.alarms.dashboard, var.alarms.enabled)

  alarms = {
    enabled    = var.alarms.enabled
    topic_arns = local.has_own_topic ? module.alarm_topic[*].arn : var.alarms.topic_arns
  }

  disk_percent = 85
  disk_alarms = { for route in var.media : route => {
    disk = {
      metrics     = ["DiskUsed"]
      statistic   = "Maximum"
      threshold   = local.disk_percent
      description = "A job filled more than ${local.disk_percent} % of the function's ${var.functions[route].storage_mb} MB; the next larger one fails. Look first in its log for what was in work then. Raise `functions.${route}.storage_mb` (10240 at most), or lower `recipe.${route}.limits`."
    }
  } }

  sweep_alarms = {
    findings = {
      metrics     = ["LeasesExpired", "UploadsMissed"]
      statistic   = "Sum"
      threshold   = 0
      description = "The sweep of ${var.name} found work that had stopped, and sent it again or gave it up. Look first at the lines of its last run in its log group: each names the record or the key, and what was done. LeasesExpired: a function died at its work, and its own log says how. UploadsMissed: an upload was not told of; see that the bucket's EventBridge switch and the rules are on."
    }
    unfinished = {
      metrics     = ["Unfinished"]
      statistic   = "Sum"
      threshold   = 0
      description = "The sweep of ${var.name} ran out of its 15 minutes, so that a part of the table or of the bucket was not looked at. Look first at its log for errors that held it up; else raise `sweep.memory_mb`, or let `sweep.schedule` run more often, for each run begins with another part of the table."
    }
  }
}
