locals {
  # US dollars in us-east-1, the first tier: https://aws.amazon.com/lambda/pricing/
  gb_second_price = { x86_64 = 0.0000166667, arm64 = 0.0000133334 }
  request_price   = 0.0000002

  functions = merge(var.functions, var.sweep == null ? {} : { sweep = var.sweep })

  # A metric is [namespace, name, dimension, its value, how it is drawn]; what a widget lacks, such
  # as queues where nothing is taken in, leaves it out.
  widgets = [for widget in [
    {
      title = "Uploads and what became of them"
      stat  = "Sum"
      # Not what the queues are sent, which may be what is made as well: the mappings drop that.
      metrics = flatten([for route, function in var.functions : [
        for metric in ["Uploads", "Completed", "Failed"] :
        { row = [
          var.namespace, metric, "service", function.service, { label = "${route} ${lower(metric)}" },
        ] } if metric != "Uploads" || contains(keys(var.queues), route)
      ]])[*].row
    },
    {
      title = "Failures by code"
      stat  = "Sum"
      metrics = [[{
        expression = "SEARCH('{\"${var.namespace}\",service,code} MetricName=\"Failures\"', 'Sum')"
        label      = "$${PROP('Dim.service')} $${PROP('Dim.code')}"
        id         = "failures"
      }]]
    },
    {
      title = "Durations in milliseconds"
      stat  = "p50"
      metrics = flatten([for route, function in var.functions : [for stat in ["p50", "p95"] :
        { row = [
          "AWS/Lambda", "Duration", "FunctionName", function.name,
          { stat = stat, label = "${route} ${stat}" },
        ] }
      ]])[*].row
    },
    {
      title = "Crashes, timeouts and throttles"
      stat  = "Sum"
      metrics = flatten([for label, function in local.functions : [for metric in ["Errors", "Throttles"] :
        { row = [
          "AWS/Lambda", metric, "FunctionName", function.name,
          { label = "${label} ${lower(metric)}" },
        ] }
      ]])[*].row
    },
    {
      title = "Seconds that the oldest upload waits, and dead letters (right)"
      stat  = "Maximum"
      metrics = concat(
        [for route, queue in var.queues :
          ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.queue, { label = "${route} age" }]
        ],
        [for route, queue in var.queues : [
          "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.dead_letter_queue,
          { label = "${route} dead letters", yAxis = "right" },
        ]],
      )
    },
    {
      title = "Disk in use, in percent"
      stat  = "Maximum"
      lines = [{ label = "alarm", value = var.disk_percent }]
      metrics = [for route, function in var.functions :
        [var.namespace, "DiskUsed", "service", function.service, { label = route }]
      ]
    },
    {
      title = "What the sweep found and did"
      stat  = "Sum"
      metrics = var.sweep == null ? [] : [for metric in [
        "LeasesExpired", "UploadsMissed", "PendingExpired", "Requeued", "GivenUp",
        "RevisionsRemoved", "Unfinished",
      ] : [var.namespace, metric, "service", var.sweep.service]]
    },
    {
      title  = "Lambda in USD a day: an estimate at list prices; S3, DynamoDB and SQS come on top"
      stat   = "Sum"
      period = 86400
      metrics = concat(
        flatten([for label, function in local.functions : [for metric in ["Duration", "Invocations"] :
          { row = [
            "AWS/Lambda", metric, "FunctionName", function.name,
            { id = "${label}_${lower(metric)}", visible = false },
          ] }
        ]])[*].row,
        [for label, function in local.functions : [{
          id    = "${label}_cost"
          label = label
          expression = join(" + ", [
            "${label}_duration / 1000 * ${function.memory_mb} / 1024 * ${local.gb_second_price[function.architecture]}",
            "${label}_invocations * ${local.request_price}",
          ])
        }]],
      )
    },
  ] : widget if length(widget.metrics) > 0]

  body = jsonencode({ widgets = [for at, widget in local.widgets : {
    type   = "metric"
    x      = at % 2 * 12
    y      = floor(at / 2) * 6
    width  = 12
    height = 6
    properties = merge(
      {
        title   = widget.title
        region  = var.region
        view    = "timeSeries"
        stat    = widget.stat
        period  = try(widget.period, 300)
        metrics = widget.metrics
      },
      { for lines in [try(widget.lines, null)] :
        "annotations" => { horizontal = lines } if lines != null
      },
    )
  }] })
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = local.body
}
