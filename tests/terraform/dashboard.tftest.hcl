# The dashboard: where its widgets are, and what Lambda costs.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "each_widget_shows_something_of_this_region" {
  command = plan

  assert {
    condition = output.dashboard.name == "shop-media-eu-central-1" && alltrue([
      for widget in jsondecode(output.dashboard.body).widgets :
      widget.type == "metric" && widget.properties.region == "eu-central-1" &&
      length(widget.properties.title) > 0 && length(widget.properties.metrics) > 0
    ])
    error_message = "Each widget must show metrics of this region, under a title."
  }
}

run "two_in_a_row_and_none_over_another" {
  command = plan

  assert {
    condition = (
      length(distinct([for widget in jsondecode(output.dashboard.body).widgets : "${widget.x} ${widget.y}"])) ==
      length(jsondecode(output.dashboard.body).widgets) &&
      alltrue([for widget in jsondecode(output.dashboard.body).widgets :
        contains([0, 12], widget.x) && widget.y % 6 == 0 && widget.width == 12 && widget.height == 6
      ])
    )
    error_message = "The widgets must stand beside each other."
  }

  # CloudWatch refuses two of a name in one widget.
  assert {
    condition = alltrue([for widget in jsondecode(output.dashboard.body).widgets :
      length(distinct([for metric in widget.properties.metrics : metric[length(metric) - 1].id if can(metric[length(metric) - 1].id)])) ==
      length([for metric in widget.properties.metrics : true if can(metric[length(metric) - 1].id)])
    ])
    error_message = "Each id must be there once in its widget."
  }
}

# 3,008 MB for 1,000 s are 2,937.5 GB-seconds.
run "what_lambda_costs" {
  command = plan
  module {
    source = "./modules/dashboard"
  }
  variables {
    name         = "shop-media"
    region       = "eu-central-1"
    namespace    = "shop"
    disk_percent = 85
    queues       = {}
    functions = {
      videos = { name = "shop-video-processor", service = "video-processor", memory_mb = 3008, architecture = "arm64" }
    }
  }

  assert {
    condition = flatten([for widget in jsondecode(output.body).widgets : [
      for metric in widget.properties.metrics : metric[0].expression
      if can(metric[0].expression) && strcontains(widget.properties.title, "estimate")
    ]]) == ["videos_duration / 1000 * 3008 / 1024 * 0.0000133334 + videos_invocations * 0.0000002"]
    error_message = "The cost must be that of the memory, by architecture, and of the requests."
  }

  assert {
    condition = !anytrue([for widget in jsondecode(output.body).widgets :
      strcontains(jsonencode(widget.properties.metrics), "AWS/SQS") ||
      strcontains(jsonencode(widget.properties.metrics), "sweep")
    ])
    error_message = "Without queues and a sweep nothing of them must be shown."
  }

  assert {
    condition = contains(
      flatten([for widget in jsondecode(output.body).widgets : [
        for line in try(widget.properties.annotations.horizontal, []) : line.value
      ]]), 85,
    )
    error_message = "The alarm's share of the disk must be drawn."
  }
}

run "jobs_alone" {
  command = plan
  variables {
    media  = ["videos"]
    intake = { enabled = false }
  }

  assert {
    condition = (
      !strcontains(output.dashboard.body, "AWS/SQS") && !strcontains(output.dashboard.body, "sweep") &&
      !strcontains(output.dashboard.body, "\"Uploads\"") && strcontains(output.dashboard.body, "\"Failed\"") &&
      !strcontains(output.dashboard.body, "image") && strcontains(output.dashboard.body, "shop-video-processor")
    )
    error_message = "The dashboard must show what there is, and nothing else."
  }
}
