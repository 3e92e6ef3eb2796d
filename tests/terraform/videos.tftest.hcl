# What streams a recipe cannot have: each must be refused for the one thing that is wrong.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "frame_rate_above_120" {
  command = plan
  variables {
    recipe = { videos = { max_frame_rate = 121 } }
  }
  expect_failures = [output.recipe]
}

run "no_rungs" {
  command = plan
  variables {
    recipe = { videos = { ladder = {} } }
  }
  expect_failures = [output.recipe]
}

run "download_of_an_unknown_rung" {
  command = plan
  variables {
    recipe = { videos = { downloads = ["2160p"] } }
  }
  expect_failures = [output.recipe]
}

run "segments_that_cut_gops" {
  command = plan
  variables {
    recipe = { videos = { gop_seconds = 3 } }
  }
  expect_failures = [output.recipe]
}

run "effort_unknown" {
  command = plan
  variables {
    recipe = { videos = { effort = "extreme" } }
  }
  expect_failures = [output.recipe]
}

run "segments_unknown" {
  command = plan
  variables {
    recipe = { videos = { segments = "folders" } }
  }
  expect_failures = [output.recipe]
}

run "six_channels" {
  command = plan
  variables {
    recipe = { videos = { audio = { channels = 6 } } }
  }
  expect_failures = [output.recipe]
}

run "sample_rate_unknown" {
  command = plan
  variables {
    recipe = { videos = { audio = { sample_rate = 22050 } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_master" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "master" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_manifest" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "manifest" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_original" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "original" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_source" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "source" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_audio" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "audio" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_audio_2" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "audio-2" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_called_480p_iframes" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { "480p-iframes" = { short_side = 480, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "rung_of_one_pixel" {
  command = plan
  variables {
    recipe = { videos = { downloads = [], ladder = { dot = { short_side = 1, bitrate = 1, max_bitrate = 1, buffer = 1 } } } }
  }
  expect_failures = [output.recipe]
}

run "no_audio_tracks" {
  command = plan
  variables {
    recipe = { videos = { audio = { tracks = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "seventeen_audio_tracks" {
  command = plan
  variables {
    recipe = { videos = { audio = { tracks = 17 } } }
  }
  expect_failures = [output.recipe]
}

run "loudness_unknown" {
  command = plan
  variables {
    recipe = { videos = { audio = { loudness = "loud" } } }
  }
  expect_failures = [output.recipe]
}

run "loudness_target_too_low" {
  command = plan
  variables {
    recipe = { videos = { audio = { loudness_target = -36.5 } } }
  }
  expect_failures = [output.recipe]
}

run "loudness_target_too_high" {
  command = plan
  variables {
    recipe = { videos = { audio = { loudness_target = -7.9 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_before_the_beginning" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { seconds = -1 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_of_half_seconds" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { seconds = 2.5 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_too_narrow" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { width = 15 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_too_wide" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { width = 641 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_without_columns" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { columns = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_of_21_rows" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { rows = 21 } } }
  }
  expect_failures = [output.recipe]
}

run "storyboard_without_quality" {
  command = plan
  variables {
    recipe = { videos = { storyboard = { quality = 0 } } }
  }
  expect_failures = [output.recipe]
}

run "original_unknown" {
  command = plan
  variables {
    recipe = { videos = { original = "moved" } }
  }
  expect_failures = [output.recipe]
}
