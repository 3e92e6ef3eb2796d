# Recipes that could not work: each differs from the default in one thing, and must be refused for it.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "originals_without_project" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "originals/{media_id}/{filename}"
      outputs   = "renditions/{media_id}/{revision}/{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "originals_without_medium" {
  command = plan
  variables {
    recipe = { keys = {
      originals = "originals/{project_id}/{filename}"
      outputs   = "renditions/{project_id}/{revision}/{output}"
    } }
  }
  expect_failures = [output.recipe]
}

run "placeholder_twice" {
  command = plan
  variables {
    recipe = { keys = { originals = "originals/{project_id}/{media_id}/{project_id}" } }
  }
  expect_failures = [output.recipe]
}

run "originals_with_a_wildcard" {
  command = plan
  variables {
    recipe = { keys = { originals = "originals*/{project_id}/{media_id}" } }
  }
  expect_failures = [output.recipe]
}

run "outputs_without_output" {
  command = plan
  variables {
    recipe = { keys = { outputs = "renditions/{media_id}/{revision}.jpg" } }
  }
  expect_failures = [output.recipe]
}

run "outputs_that_media_would_share" {
  command = plan
  variables {
    recipe = { keys = { outputs = "renditions/{project_id}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "outputs_with_an_unknown_placeholder" {
  command = plan
  variables {
    recipe = { keys = { outputs = "renditions/{gallery_id}/{revision}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "outputs_beside_originals" {
  command = plan
  variables {
    recipe = { keys = { outputs = "originals/{project_id}/{media_id}/{revision}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "originals_of_every_prefix" {
  command = plan
  variables {
    recipe = { keys = { originals = "{project_id}/{media_id}/{filename}" } }
  }
  expect_failures = [output.recipe]
}

run "suffix_without_its_dot" {
  command = plan
  variables {
    recipe = { images = { suffixes = ["jpg"] } }
  }
  expect_failures = [output.recipe]
}

run "no_suffixes" {
  command = plan
  variables {
    recipe = { videos = { suffixes = [] } }
  }
  expect_failures = [output.recipe]
}

run "suffix_of_both_routes" {
  command = plan
  variables {
    recipe = { images = { suffixes = [".jpg", ".mov"] } }
  }
  expect_failures = [output.recipe]
}

run "rendition_with_width_and_box" {
  command = plan
  variables {
    recipe = { images = { renditions = {
      small = { width = 640, box = [640, 480], formats = { jpg = { quality = 80 } } }
    } } }
  }
  expect_failures = [output.recipe]
}

run "rendition_without_a_size" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "rendition_without_formats" {
  command = plan
  variables {
    recipe = { videos = { poster = { renditions = { small = { width = 640, formats = {} } } } } }
  }
  expect_failures = [output.recipe]
}

run "rendition_in_an_unknown_format" {
  command = plan
  variables {
    recipe = { images = { renditions = {
      small = { width = 640, formats = { bmp = { quality = 80 } } }
    } } }
  }
  expect_failures = [output.recipe]
}

run "rendition_named_as_a_path" {
  command = plan
  variables {
    recipe = { images = { renditions = {
      "a/b" = { width = 640, formats = { jpg = { quality = 80 } } }
    } } }
  }
  expect_failures = [output.recipe]
}

run "quality_above_100" {
  command = plan
  variables {
    recipe = { images = { renditions = {
      small = { width = 640, formats = { jpg = { quality = 101 } } }
    } } }
  }
  expect_failures = [output.recipe]
}

run "width_of_nothing" {
  command = plan
  variables {
    recipe = { images = { renditions = {
      small = { width = 0, formats = { jpg = { quality = 80 } } }
    } } }
  }
  expect_failures = [output.recipe]
}

run "ten_components" {
  command = plan
  variables {
    recipe = { videos = { poster = { blurhash = { x_components = 10 } } } }
  }
  expect_failures = [output.recipe]
}

run "background_by_name" {
  command = plan
  variables {
    recipe = { images = { background = "white" } }
  }
  expect_failures = [output.recipe]
}

run "segments_without_their_job" {
  command = plan
  variables {
    recipe = { keys = { segments = "processed/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "segments_without_output" {
  command = plan
  variables {
    recipe = { keys = { segments = "processed/{job_id}.mp4" } }
  }
  expect_failures = [output.recipe]
}

run "segments_with_another_placeholder" {
  command = plan
  variables {
    recipe = { keys = { segments = "processed/{job_id}/{revision}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "segments_with_a_wildcard" {
  command = plan
  variables {
    recipe = { keys = { segments = "processed*/{job_id}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "segments_among_originals" {
  command = plan
  variables {
    recipe = { keys = { segments = "originals/cut/{job_id}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "segments_of_900_characters" {
  command = plan
  variables {
    recipe = { keys = { segments = "${join("", [for _ in range(882) : "p"])}/{job_id}/{output}" } }
  }
}

run "segments_of_901_characters" {
  command = plan
  variables {
    recipe = { keys = { segments = "${join("", [for _ in range(883) : "p"])}/{job_id}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "originals_of_901_characters" {
  command = plan
  variables {
    recipe = { keys = { originals = "${join("", [for _ in range(877) : "o"])}/{project_id}/{media_id}" } }
  }
  expect_failures = [output.recipe]
}

run "outputs_of_901_characters" {
  command = plan
  variables {
    recipe = { keys = { outputs = "${join("", [for _ in range(881) : "r"])}/{revision}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "raw_without_raw" {
  command = plan
  variables {
    recipe = { images = { suffixes = [".jpg", ".nef"] } }
  }
  expect_failures = [output.recipe]
}

run "raw_with_raw" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-with-raw" }
    recipe    = { images = { suffixes = [".jpg", ".nef"] } }
  }
}

run "raw_with_artifacts_that_do_not_say" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-silent-on-raw" }
    recipe    = { images = { suffixes = [".jpg", ".nef"] } }
  }
}
