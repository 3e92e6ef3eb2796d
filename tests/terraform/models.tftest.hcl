# Which of Amazon Bedrock's models a cutting job may ask.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "no_model" {
  command = plan

  assert {
    condition     = length(local.model_permissions) == 0
    error_message = "Without a model there is none to ask."
  }
}

run "model_by_id" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "meta.llama3-1-8b-instruct-v1:0" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1::foundation-model/meta.llama3-1-8b-instruct-v1:0"]
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "model_by_an_id_with_another_dot" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "moonshotai.kimi-k2.5" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1::foundation-model/moonshotai.kimi-k2.5"]
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "model_by_arn" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"]
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "profile_by_id" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "eu.amazon.nova-lite-v1:0" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0"]
      }
      ask-model-through-profile = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"]
        condition = { ArnEquals = { "bedrock:InferenceProfileArn" = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0" } }
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "profile_of_the_whole_world" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "global.anthropic.claude-sonnet-4-20250514-v1:0" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-20250514-v1:0"]
      }
      ask-model-through-profile = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-20250514-v1:0"]
        condition = { ArnEquals = { "bedrock:InferenceProfileArn" = "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-20250514-v1:0" } }
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "profile_by_arn" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:us-west-2:210987654321:inference-profile/us.amazon.nova-lite-v1:0" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:us-west-2:210987654321:inference-profile/us.amazon.nova-lite-v1:0"]
      }
      ask-model-through-profile = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"]
        condition = { ArnEquals = { "bedrock:InferenceProfileArn" = "arn:aws:bedrock:us-west-2:210987654321:inference-profile/us.amazon.nova-lite-v1:0" } }
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "profile_of_an_application" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/k3x9" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/k3x9"]
      }
      ask-model-through-profile = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:*::foundation-model/*"]
        condition = { ArnEquals = { "bedrock:InferenceProfileArn" = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/k3x9" } }
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "provisioned_model" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:eu-central-1:123456789012:provisioned-model/k3x9" } } }
  }

  assert {
    condition = local.model_permissions == {
      ask-model = {
        actions   = ["bedrock:InvokeModel"]
        resources = ["arn:aws:bedrock:eu-central-1:123456789012:provisioned-model/k3x9"]
      }
    }
    error_message = "Other permissions: ${jsonencode(local.model_permissions)}"
  }
}

run "model_without_its_maker" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "claude" } } }
  }
  expect_failures = [output.recipe]
}

run "model_with_a_wildcard" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "anthropic.*" } } }
  }
  expect_failures = [output.recipe]
}

run "model_of_another_service" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:sagemaker:eu-central-1:123456789012:endpoint/a.b" } } }
  }
  expect_failures = [output.recipe]
}

run "models_of_every_kind" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:eu-central-1::foundation-model/*" } } }
  }
  expect_failures = [output.recipe]
}

run "router_that_chooses_a_model" {
  command = plan
  variables {
    recipe = { videos = { cuts = { model = "arn:aws:bedrock:eu-central-1:123456789012:prompt-router/k3x9" } } }
  }
  expect_failures = [output.recipe]
}
