variable "sweep" {
  description = <<-EOT
    A function that looks, on a schedule, for work that stopped: records whose worker died, uploads
    that nobody was told of, records still pending a day later, and what superseded or abandoned
    attempts left in the bucket after a day. It alone may list and delete, and only under the
    prefixes of the recipe's keys. Every attribute is optional.

    - `enabled` (as `intake.enabled`).
    - `schedule` (rate(3 hours)): a rate of 15 minutes to 12 hours, or cron(...) in UTC, at least
      twice a day, for until it runs what has stopped stays so.
    - `existing_role_name` (none): a role of yours, which lambda.amazonaws.com and
      scheduler.amazonaws.com may both assume, instead of one being made for each; `iam.path` and
      `iam.attach_policies` count for it too. `policies.sweep` says what it must allow.
    - `pending` (for a table made here, `status` = `pending` since `createdAt`; for an existing
      table none): which records wait for an upload: the `attributes` that they have, by name, and
      the attribute `created_at` (ISO 8601, or seconds since 1970). Without `attributes`, none.
    - `memory_mb` (512).
  EOT
  type = object({
    enabled            = optional(bool)
    schedule           = optional(string, "rate(3 hours)")
    existing_role_name = optional(string)
    pending            = optional(object({ attributes = map(string), created_at = string }))
    memory_mb          = optional(number, 512)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      can(regex("^cron\\([^() ]+( [^() ]+){5}\\)$", var.sweep.schedule)) ||
      anytrue([
        for minutes in [for rate in regexall(local.rate_form, var.sweep.schedule) :
          tonumber(rate[0]) * (rate[1] == "hour" ? 60 : 1)
        ] : minutes >= 15 && minutes <= 720
      ])
    )
    error_message = "Write `sweep.schedule` as a rate of 15 minutes to 12 hours, such as rate(3 hours), or as six fields of cron, such as cron(0 */6 * * ? *): at least twice a day, for until the sweep runs what has stopped stays so."
  }

  validation {
    condition = (
      var.sweep.existing_role_name == null ||
      can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.sweep.existing_role_name))
    )
    error_message = "Give `sweep.existing_role_name` as a name, such as media-sweep; where the role has a path, set `iam.path` too. An ARN is not taken."
  }

  validation {
    condition = (
      var.sweep.existing_role_name == null ||
      var.sweep.existing_role_name != var.iam.existing_role_name
    )
    error_message = "Give the sweep a role of its own in `sweep.existing_role_name`: it may list and delete, which the functions must not."
  }

  validation {
    condition = var.sweep.pending == null || try(
      length(var.sweep.pending.created_at) > 0 &&
      alltrue([for name, value in var.sweep.pending.attributes : length(name) > 0 && value != null]),
      false,
    )
    error_message = "Give `sweep.pending` the `attributes` that a waiting record has and the attribute `created_at`, such as { attributes = { status = \"pending\" }, created_at = \"createdAt\" }."
  }

  validation {
    condition = (
      var.sweep.memory_mb >= 128 && var.sweep.memory_mb <= 10240 &&
      floor(var.sweep.memory_mb) == var.sweep.memory_mb
    )
    error_message = "Give `sweep.memory_mb` as a whole number from 128 to 10240."
  }
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms, each of which says what to look at first, and a dashboard. Every attribute is
    optional.

    - `enabled` (true): dead letters, uploads that wait too long, failures of most, errors,
      throttles, durations near the timeout and disks near full, and what the sweep finds or if it
      does not run. CloudWatch takes 0.10 USD a month for each metric of an alarm, which are at most
      25 in 20 alarms; the first ten of an account are free.
    - `topic_arns` (a topic that is made): the SNS topics that are told.
    - `emails` (none): addresses to subscribe to the topic that is made; each has to follow the link in
      SNS's first mail.
    - `dashboard` (as `enabled`): one dashboard of uploads, completions, failures by code,
      durations, queues, disks, the sweep's findings and Lambda's cost. CloudWatch takes 3 USD a
      month for it; the first three of an account are free.
  EOT
  type = object({
    enabled    = optional(bool, true)
    topic_arns = optional(list(string), [])
    emails     = optional(set(string), [])
    dashboard  = optional(bool)
  })
  default  = {}
  nullable = false

  validation {
    condition     = length(var.alarms.topic_arns) <= 5
    error_message = "Give `alarms.topic_arns` at most five topics, which is what an alarm takes."
  }

  validation {
    condition = alltrue([for arn in var.alarms.topic_arns :
      can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[^:]+$", arn))
    ])
    error_message = "Give `alarms.topic_arns` as ARNs of SNS topics, such as arn:aws:sns:eu-central-1:123456789012:on-call."
  }

  validation {
    condition     = length(var.alarms.emails) == 0 || length(var.alarms.topic_arns) == 0
    error_message = "Leave out `alarms.emails` or `alarms.topic_arns`: addresses are told by the topic that is made only without topics of yours, which must tell theirs themselves."
  }

  validation {
    condition     = length(var.alarms.emails) == 0 || var.alarms.enabled
    error_message = "Leave out `alarms.emails`, or set `alarms.enabled` to true: without alarms there is nothing to tell the addresses."
  }

  validation {
    condition = alltrue([for email in var.alarms.emails : can(regex(local.address_form, email))])
    error_message = "Write `alarms.emails` as addresses, such as on-call@example.com; these are none: ${join(", ", [
      for email in var.alarms.emails : coalesce(email, "null") if !can(regex(local.address_form, email))
    ])}."
  }
}
