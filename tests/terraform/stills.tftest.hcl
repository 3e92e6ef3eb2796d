# What pictures a recipe cannot have: each must be refused for the one thing that is wrong.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "cover_without_a_box" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, fit = "cover", formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "fit_unknown" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { box = [64, 64], fit = "stretch", formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "focus_outside" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { box = [64, 64], fit = "cover", focus = [0.5, 1.5], formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "focus_before_the_edge" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { box = [64, 64], fit = "cover", focus = [-0.1, 0.5], formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "poster_to_cover_without_a_box" {
  command = plan
  variables {
    recipe = { videos = { poster = { renditions = { small = { width = 640, fit = "cover", formats = { jpg = { quality = 80 } } } } } } }
  }
  expect_failures = [output.recipe]
}

run "animated_without_webp" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, animated = true, formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "webp_without_quality" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { webp = {} } } } } }
  }
  expect_failures = [output.recipe]
}

run "png_with_quality" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { png = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "effort_of_webp_too_high" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { webp = { quality = 80, effort = 7 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "effort_of_avif_too_high" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { avif = { quality = 80, effort = 10 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "effort_of_png_too_high" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { png = { effort = 10 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "effort_of_png_not_whole" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { png = { effort = 1.5 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "effort_of_jpg" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { jpg = { quality = 80, effort = 1 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "progressive_webp" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, formats = { webp = { quality = 80, progressive = true } } } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_unknown" {
  command = plan
  variables {
    recipe = { images = { renditions = { small = { width = 640, watermark = "logo", formats = { jpg = { quality = 80 } } } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_of_the_photos_on_a_poster" {
  command = plan
  variables {
    recipe = {
      images = { watermarks = { logo = { key = "brand/logo.png" } } }
      videos = { poster = { renditions = { small = { width = 640, watermark = "logo", formats = { jpg = { quality = 80 } } } } } }
    }
  }
  expect_failures = [output.recipe]
}

run "watermark_named_as_a_path" {
  command = plan
  variables {
    recipe = { images = { watermarks = { "a/b" = { key = "brand/logo.png" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_without_a_key" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_among_uploads" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "originals/a/b/logo.png" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_of_a_poster_among_uploads" {
  command = plan
  variables {
    recipe = { videos = { poster = { watermarks = { logo = { key = "originals/logo.png" } } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_among_outputs" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "renditions/logo.png" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_with_a_placeholder" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "brand/{project_id}.png" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_with_a_wildcard" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "brand/*" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_in_no_corner" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "a.png", position = "left" } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_wider_than_its_picture" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "a.png", width = 101 } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_that_is_invisible" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "a.png", opacity = 0 } } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_beyond_the_middle" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "a.png", margin = 51 } } } }
  }
  expect_failures = [output.recipe]
}

run "placeholder_unknown" {
  command = plan
  variables {
    recipe = { images = { placeholders = ["blurash"] } }
  }
  expect_failures = [output.recipe]
}

run "placeholder_unknown_for_a_poster" {
  command = plan
  variables {
    recipe = { videos = { poster = { placeholders = ["blurash"] } } }
  }
  expect_failures = [output.recipe]
}

run "lqip_too_small_for_a_poster" {
  command = plan
  variables {
    recipe = { videos = { poster = { lqip = { side = 3 } } } }
  }
  expect_failures = [output.recipe]
}

run "lqip_without_quality" {
  command = plan
  variables {
    recipe = { images = { lqip = { quality = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "animation_of_no_frames" {
  command = plan
  variables {
    recipe = { images = { limits = { frames = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "lqip_too_large" {
  command = plan
  variables {
    recipe = { images = { lqip = { side = 21 } } }
  }
  expect_failures = [output.recipe]
}

run "watermark_among_segments" {
  command = plan
  variables {
    recipe = { images = { watermarks = { logo = { key = "processed/logo.png" } } } }
  }
  expect_failures = [output.recipe]
}
