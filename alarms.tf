# Whom the alarms tell, and those on what the functions emit themselves.
locals {
  has_own_topic = var.alarms.enabled && length(var.alarms.topic_arns) == 0
  has_dashboard = coalesce(var.alarms.dashboard, var.alarms.enabled)

  alarms = {
    enabled    = var.alarms.enabled
    topic_arns = local.has_own_topic ? module.alarm_topic[*].arn : var.alarms.topic_arns
  }

  disk_percent = 85
  function_alarms = { for route in var.media : route => {
    disk = {
      metrics     = ["DiskUsed"]
      statistic   = "Maximum"
      threshold   = local.disk_percent
      description = "A job filled more than ${local.disk_percent} % of the function's ${var.functions[route].storage_mb} MB; the next larger one fails. Look first in its log for what was in work then. ${var.functions[route].storage_mb < local.function_ranges.storage_mb.to ? "Raise `functions.${route}.storage_mb` (${local.function_ranges.storage_mb.to} at most), or lower" : "Lambda has no more: lower"} `recipe.${route}.limits`."
    }

    # What fails for good is neither tried again nor a dead letter nor an error to Lambda. A few
    # damaged files are their owners' business.
    failures = {
      metrics     = ["Failed", "Completed"]
      expression  = "IF(FILL(failed, 0) > 4, FILL(failed, 0) - FILL(completed, 0), 0)"
      statistic   = "Sum"
      period      = 3600
      threshold   = 0
      description = "Of the jobs of ${local.names["${route}_function"]} that ended in the last hour more than half failed for good, and more than four: nothing tries them again. Look first at the failures by code, on the dashboard or in the log. `source_unreadable` of many: the function's role, the bucket's policy or the key's does not let it read. Other codes are of the files: see what uploads them."
    }
  } }

  sweep_alarms = {
    findings = {
      metrics     = ["LeasesExpired", "UploadsMissed"]
      expression  = "leasesexpired + uploadsmissed"
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
