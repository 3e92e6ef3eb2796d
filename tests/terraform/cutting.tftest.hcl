# Cutting jobs: what a recipe may say of them, and how one is asked for.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "bounds" {
  command = plan
  variables {
    recipe = {
      videos = {
        storyboard = { seconds = 0, width = 640, columns = 20, rows = 20, quality = 100 }
        audio      = { tracks = 16, loudness = "normalised", loudness_target = -36 }
        ladder     = { sources = { short_side = 2, bitrate = 1, max_bitrate = 1, buffer = 1 } }
        original   = "left_out"
        jobs       = "segments"
        cuts       = { short_side = 2, captions = { size = 25, box_opacity = 100 } }
      }
      jobs = { attributes = { state = "status" } }
    }
  }

  assert {
    condition = (
      local.recipe.jobs.attributes == { state = "status" } &&
      local.recipe.jobs.key.id == "job_id" &&
      local.recipe.videos.cuts.captions.colour == "#ffffff"
    )
    error_message = "The caller's maps must replace the default's, and captions be laid over its."
  }
}

run "a_command_for_a_cutting_job" {
  command = plan

  assert {
    condition = startswith(
      output.cutting_job,
      "aws lambda invoke --region eu-central-1 --function-name shop-video-processor ",
    )
    error_message = "The command must invoke the function of the videos: ${output.cutting_job}"
  }

  assert {
    condition = jsondecode(regex("--payload '([^']+)' answer[.]json$", output.cutting_job)[0]) == {
      s3_bucket       = "shop-media-123456789012-eu-central-1"
      s3_key          = "originals/{project_id}/{media_id}/{filename}"
      job_id          = "{job_id}"
      cutting_options = { type = "fixed", duration_seconds = 30 }
      text_input      = { strategy = "one_for_all", base_text = "Hello" }
    }
    error_message = "The command's payload must be one that the function takes: ${output.cutting_job}"
  }
}

run "jobs_unknown" {
  command = plan
  variables {
    recipe = { videos = { jobs = "texts" } }
  }
  expect_failures = [output.recipe]
}

run "cuts_of_one_pixel" {
  command = plan
  variables {
    recipe = { videos = { cuts = { short_side = 1 } } }
  }
  expect_failures = [output.recipe]
}

run "cuts_of_half_pixels" {
  command = plan
  variables {
    recipe = { videos = { cuts = { short_side = 720.5 } } }
  }
  expect_failures = [output.recipe]
}

run "cuts_without_bitrate" {
  command = plan
  variables {
    recipe = { videos = { cuts = { bitrate = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "cuts_without_max_bitrate" {
  command = plan
  variables {
    recipe = { videos = { cuts = { max_bitrate = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "cuts_without_buffer" {
  command = plan
  variables {
    recipe = { videos = { cuts = { buffer = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "captions_in_no_corner" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { position = "center" } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_of_no_size" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { size = 0 } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_too_large" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { size = 25.1 } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_coloured_by_name" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { colour = "white" } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_outlined_by_name" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { outline = "black" } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_boxed_by_name" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { box = "black" } } } }
  }
  expect_failures = [output.recipe]
}

run "captions_on_more_than_opaque" {
  command = plan
  variables {
    recipe = { videos = { cuts = { captions = { box_opacity = 101 } } } }
  }
  expect_failures = [output.recipe]
}
