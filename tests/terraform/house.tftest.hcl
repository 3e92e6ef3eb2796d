# The whole house as the smallest call makes it, and what a caller can say of it.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "smallest_call" {
  command = plan

  assert {
    condition = output.bucket.name == "shop-media-123456789012-eu-central-1" && (
      output.table.arn == "arn:aws:dynamodb:eu-central-1:123456789012:table/shop-media"
    )
    error_message = "The bucket's and the table's names or ARNs are others."
  }

  assert {
    condition     = join(" ", keys(output.functions)) == "images videos"
    error_message = "There is not one function for each route."
  }

  assert {
    condition = (
      output.functions.videos.log_group == "/aws/lambda/shop-video-processor" &&
      output.queues.videos.queue.arn == "arn:aws:sqs:eu-central-1:123456789012:shop-videos" &&
      output.queues.videos.rule_arn == "arn:aws:events:eu-central-1:123456789012:rule/shop-videos"
    )
    error_message = "The video route's names are others."
  }

  assert {
    condition     = local.recipe_differences == "{}"
    error_message = "Without differences the functions must be given none."
  }
}

run "long_names_are_cut_with_a_hash" {
  command = plan
  variables {
    name = "a234567890123456789012345678901234567890123456789012345678901234"
  }

  assert {
    condition = alltrue([for thing, name in local.names :
      length(name) <= local.full_names[thing].limit
    ])
    error_message = "A name is longer than AWS allows."
  }

  assert {
    condition     = length(distinct(values(local.names))) == length(local.names)
    error_message = "Two names came out the same: ${join(" ", values(local.names))}"
  }
}

run "own_names_are_taken_as_they_are" {
  command = plan
  variables {
    storage = { bucket_name = "holiday.photos" }
    catalog = { table_name = "Holiday_Photos" }
  }

  assert {
    condition     = output.bucket.arn == "arn:aws:s3:::holiday.photos" && output.table.name == "Holiday_Photos"
    error_message = "The caller's own names were altered."
  }
}

run "fixed_output_keys" {
  command = plan
  variables {
    recipe = { keys = { outputs = "renditions/{project_id}/{media_id}/{output}" } }
  }

  assert {
    condition     = local.recipe_differences == "{\"keys\":{\"outputs\":\"renditions/{project_id}/{media_id}/{output}\"}}"
    error_message = "The functions are not given what the caller said: ${local.recipe_differences}"
  }
}
