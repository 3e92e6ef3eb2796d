locals {
  is_role_adopted = var.role.existing_name != null
  role_name = (
    local.is_role_adopted ? var.role.existing_name : one(aws_iam_role.this[*].name)
  )
  role_arn = join(":", [
    "arn", var.account.partition, "iam", "", var.account.id,
    "role${var.role.path}${local.role_name}",
  ])

  permissions = merge(var.permissions, {
    write-logs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${local.log_group_arn}:*"]
    }
  })

  policies = { for reason, permission in local.permissions : reason => jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect   = "Allow"
        Action   = permission.actions
        Resource = permission.resources
      },
      { for element, condition in { Condition = try(permission.condition, null) } :
        element => condition if condition != null
      },
    )]
  }) }
}

resource "aws_iam_role" "this" {
  count = local.is_role_adopted ? 0 : 1

  name                 = var.role.name
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = !local.is_role_adopted || var.role.attach_policies ? local.policies : {}

  # A role of the caller's may serve both functions, and have policies of its own.
  name   = local.is_role_adopted ? "${var.name}-${each.key}" : each.key
  role   = local.role_name
  policy = each.value
}

# tflint-ignore: terraform_unused_declarations # Looked up only to see that it is there.
data "aws_iam_roles" "existing" {
  count = local.is_role_adopted && var.verify ? 1 : 0

  name_regex = "^${replace(local.role_name, "/([.+])/", "[$1]")}$"

  lifecycle {
    postcondition {
      condition     = length(self.names) > 0
      error_message = "There is no role ${local.role_name} in this account: set `${var.role.said_in}` to the name (not the ARN) of a role that ${join(" and ", var.role.assumed_by)} may assume, or leave it out to have one made."
    }

    postcondition {
      condition     = length(self.names) == 0 || contains(self.arns, local.role_arn)
      error_message = "The role ${local.role_name} is ${join(", ", self.arns)}: set `iam.path` to what stands between `role` and its name."
    }
  }
}
