# Where uploads and what is made of them lie side by side, or in two buckets.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "prefixes_that_tell_them_apart" {
  command = plan

  assert {
    condition     = local.key_wildcard == null
    error_message = "Prefixes are all that the default route needs."
  }
}

run "outputs_beside_the_originals" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "projects/{project_id}/media/{media_id}/original.{ext}"
      outputs   = "projects/{project_id}/media/{media_id}/{output}"
    } }
  }

  assert {
    condition     = local.key_wildcard == "projects/*/media/*/original.*"
    error_message = "The route needs a wildcard: ${coalesce(local.key_wildcard, "none")}"
  }
}

run "segments_of_every_prefix" {
  command = plan
  variables {
    recipe = { keys = { segments = "{job_id}/{output}" } }
  }

  assert {
    condition     = local.key_wildcard == "originals/*/*/*"
    error_message = "The route needs a wildcard: ${coalesce(local.key_wildcard, "none")}"
  }
}

run "two_buckets" {
  command = plan
  variables {
    storage = { existing_outputs_bucket_name = "shop-renditions" }
    recipe = { keys = {
      originals = "{project_id}/{media_id}_{name}.{ext}"
      outputs   = "{project_id}/{media_id}_{name}_{output}"
    } }
  }

  assert {
    condition = (
      local.key_wildcard == null && output.outputs_bucket.name == "shop-renditions" &&
      output.bucket.name != "shop-renditions"
    )
    error_message = "What lies in another bucket cannot be taken in again."
  }
}

run "outputs_that_are_originals_too" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "projects/{project_id}/{media_id}/{filename}"
      outputs   = "projects/{project_id}/{media_id}/{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "a_rendition_called_as_the_original" {
  command = plan
  variables {
    recipe = {
      keys = {
        originals = "projects/{project_id}/media/{media_id}/original.{ext}"
        outputs   = "projects/{project_id}/media/{media_id}/{output}"
      }
      images = { renditions = { original = { width = 100, formats = { jpg = { quality = 80 } } } } }
    }
  }
  expect_failures = [output.recipe]
}

run "copies_that_the_wildcard_lets_pass" {
  command = plan
  variables {
    recipe = {
      keys = {
        originals = "projects/{project_id}/media/{media_id}/original.{ext}"
        outputs   = "projects/{project_id}/media/{media_id}/{output}"
      }
      videos = { original = "copied" }
    }
  }
  expect_failures = [output.recipe]
}

run "ids_that_would_make_an_output_an_original" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "up/{project_id}/orig-{media_id}.jpg"
      outputs   = "up/{project_id}/{media_id}.{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "segments_that_are_originals_too" {
  command = plan
  variables {
    recipe = { keys = { segments = "originals/{job_id}/cut/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "one_bucket_named_twice" {
  command = plan
  variables {
    storage = { existing_bucket_name = "shop", existing_outputs_bucket_name = "shop" }
    recipe = { keys = {
      originals = "{project_id}/{media_id}.{ext}"
      outputs   = "{project_id}/{media_id}_{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "job_words_in_the_originals" {
  command = plan
  variables {
    recipe = { keys = { originals = "originals/{project_id}/{media_id}/{job_id}.{ext}" } }
  }
  expect_failures = [output.recipe]
}

run "nothing_is_taken_in_without_intake" {
  command = plan
  variables {
    intake = { enabled = false }
    recipe = { keys = {
      originals = "projects/{project_id}/{media_id}/{filename}"
      outputs   = "projects/{project_id}/{media_id}/{output}"
    } }
  }

  assert {
    condition     = local.key_wildcard == null
    error_message = "Where there is no route, nothing can reach it."
  }
}

run "originals_among_the_first_streams" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "p/{project_id}/media/{media_id}/first/{name}.{ext}"
      outputs   = "p/{project_id}/media/{media_id}/{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "one_bucket_by_two_names" {
  command = plan
  variables {
    storage = { bucket_name = "shop", existing_outputs_bucket_name = "shop" }
    recipe = { keys = {
      originals = "{project_id}/{media_id}.{ext}"
      outputs   = "{project_id}/{media_id}_{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "names_of_posters_matter_to_videos_alone" {
  command = plan
  variables {
    media = ["images"]
    recipe = {
      keys = {
        originals = "media/{project_id}/{media_id}/poster.{ext}"
        outputs   = "media/{project_id}/{media_id}/{output}"
      }
      videos = { poster = { renditions = { poster = { width = 640, formats = { jpg = { quality = 80 } } } } } }
    }
  }

  assert {
    condition     = local.key_wildcard == "media/*/*/poster.*"
    error_message = "Photos have no poster that could be taken for an upload."
  }
}
