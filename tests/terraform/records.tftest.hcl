# How records are keyed and written.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "table_of_one_attribute" {
  command = plan
  variables {
    recipe = {
      record = { key = { slug = "media_id" } }
      jobs   = { key = { slug = "job_id" } }
    }
  }

  assert {
    condition     = local.table_key == { hash = "slug", range = null }
    error_message = "The table must be keyed by the recipe's only attribute."
  }
}

run "table_of_two_attributes" {
  command = plan
  variables {
    catalog = { hash_key = "tenant" }
    recipe = {
      record = { key = { medium = "media_id", tenant = "project_id" } }
      jobs   = { key = { medium = "job_id", tenant = "user_id || 'nobody'" } }
    }
  }

  assert {
    condition     = local.table_key == { hash = "tenant", range = "medium" }
    error_message = "The table must be partitioned by the attribute that the caller names."
  }
}

run "the_default_table" {
  command = plan

  assert {
    condition     = local.table_key == { hash = "id", range = "projectId" }
    error_message = "The default table is keyed by id and projectId."
  }
}

run "a_key_of_several_placeholders_and_a_function" {
  command = plan
  variables {
    media  = ["images"]
    recipe = { record = { key = { id = "join('-', [project_id, media_id])" } } }
  }

  assert {
    condition = (
      local.table_key.hash == "id" &&
      join(" ", local.key_placeholders) == "project_id media_id"
    )
    error_message = "Neither a function's name nor what stands in quotes is a placeholder."
  }
}

run "jobs_alone_need_no_key_of_media" {
  command = plan
  variables {
    media  = ["videos"]
    intake = { enabled = false }
    recipe = {
      keys   = { originals = "videos/{name}.{ext}" }
      videos = { jobs = "segments" }
      jobs   = { key = { video_id = "job_id" } }
    }
  }

  assert {
    condition = (
      local.table_key == { hash = "video_id", range = null } &&
      !contains(keys(output.policies.videos), "write-outputs")
    )
    error_message = "Where only jobs have records, their key is the table's."
  }
}

run "key_of_an_unknown_word" {
  command = plan
  variables {
    recipe = { record = { key = { id = "photo_id", projectId = "project_id" } } }
  }
  expect_failures = [output.recipe]
}

run "key_of_a_constant" {
  command = plan
  variables {
    recipe = { record = { key = { id = "media_id", projectId = "'all'" } } }
  }
  expect_failures = [output.recipe]
}

run "key_of_a_job_alone" {
  command = plan
  variables {
    recipe = { record = { key = { id = "job_id", projectId = "project_id" } } }
  }
  expect_failures = [output.recipe]
}

run "key_of_three_attributes" {
  command = plan
  variables {
    recipe = {
      record = { key = { id = "media_id", projectId = "project_id", name = "filename" } }
      jobs   = { key = { id = "job_id", projectId = "user_id", name = "job_id" } }
    }
  }
  expect_failures = [output.recipe]
}

run "key_of_no_attribute" {
  command = plan
  variables {
    recipe = { record = { key = {} }, jobs = { key = {} } }
  }
  expect_failures = [output.recipe]
}

run "keys_of_two_tables" {
  command = plan
  variables {
    recipe = { record = { key = { id = "media_id" } } }
  }
  expect_failures = [output.recipe]
}

run "partitioned_by_no_attribute_of_the_key" {
  command = plan
  variables {
    catalog = { hash_key = "slug" }
  }
  expect_failures = [output.recipe]
}

run "jobs_keyed_by_no_job" {
  command = plan
  variables {
    recipe = { jobs = { key = { id = "user_id", projectId = "'jobs'" } } }
  }
  expect_failures = [output.recipe]
}

run "jobs_keyed_by_a_placeholder" {
  command = plan
  variables {
    recipe = { jobs = { key = { id = "job_id", projectId = "project_id" } } }
  }
  expect_failures = [output.recipe]
}

run "outputs_that_two_records_share" {
  command = plan
  variables {
    recipe = { keys = { outputs = "made/{media_id}/{output}" } }
  }
  expect_failures = [output.recipe]
}

run "record_without_attributes" {
  command = plan
  variables {
    recipe = { record = { attributes = {} } }
  }
  expect_failures = [output.recipe]
}

run "attribute_of_the_pipeline" {
  command = plan
  variables {
    recipe = { record = { attributes = { pipeline = "status" } } }
  }
  expect_failures = [output.recipe]
}

run "attribute_of_the_key" {
  command = plan
  variables {
    recipe = { record = { attributes = { id = "status" } } }
  }
  expect_failures = [output.recipe]
}

run "attribute_without_an_expression" {
  command = plan
  variables {
    recipe = { record = { attributes = { status = " " } } }
  }
  expect_failures = [output.recipe]
}

run "job_without_attributes" {
  command = plan
  variables {
    recipe = { jobs = { attributes = {} } }
  }
  expect_failures = [output.recipe]
}

run "job_attribute_of_the_pipeline" {
  command = plan
  variables {
    recipe = { jobs = { attributes = { pipeline = "status" } } }
  }
  expect_failures = [output.recipe]
}

run "job_attribute_of_the_key" {
  command = plan
  variables {
    recipe = { jobs = { attributes = { projectId = "status" } } }
  }
  expect_failures = [output.recipe]
}

run "job_attribute_without_an_expression" {
  command = plan
  variables {
    recipe = { jobs = { attributes = { status = "" } } }
  }
  expect_failures = [output.recipe]
}

run "a_table_partitioned_by_chance" {
  command = plan
  variables {
    recipe = {
      record = { key = { mediaId = "media_id", projectId = "project_id" } }
      jobs   = { key = { mediaId = "job_id", projectId = "user_id || 'jobs'" } }
    }
  }
  expect_failures = [output.recipe]
}

run "attribute_without_a_name" {
  command = plan
  variables {
    recipe = { record = { attributes = { "" = "status" } } }
  }
  expect_failures = [output.recipe]
}
