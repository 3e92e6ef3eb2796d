locals {
  is_adopted = var.existing_name != null
  name       = local.is_adopted ? var.existing_name : one(aws_dynamodb_table.this[*].name)
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:`catalog.point_in_time_recovery`, true by default, says so; checkov does not follow an optional attribute
  #checkov:skip=CKV_AWS_119:encrypted with AWS's own key; for one of yours, make the table yourself and adopt it, its key's policy admitting the role
  count = local.is_adopted ? 0 : 1

  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.key.hash
  range_key                   = var.key.range
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  dynamic "attribute" {
    for_each = compact([var.key.hash, var.key.range])

    content {
      name = attribute.value
      type = "S"
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  server_side_encryption {
    enabled = true
  }
}

data "aws_dynamodb_tables" "all" {
  count = local.is_adopted && var.verify ? 1 : 0

  lifecycle {
    postcondition {
      condition     = try(contains(self.names, var.existing_name), false)
      error_message = "There is no table ${var.existing_name} in this account and region: set `catalog.existing_table_name` to one that is there (${try(join(", ", self.names), "none")}), or leave it out to have one made."
    }
  }
}

# tflint-ignore: terraform_unused_declarations # Looked up only to compare its key.
data "aws_dynamodb_table" "existing" {
  count = local.is_adopted && var.verify ? 1 : 0

  name = var.existing_name

  lifecycle {
    postcondition {
      condition = (
        toset(compact([self.hash_key, self.range_key])) ==
        toset(compact([var.key.hash, var.key.range]))
      )
      error_message = "The table ${var.existing_name} is keyed by ${join(" and ", compact([self.hash_key, self.range_key]))}, and the recipe says ${join(" and ", compact([var.key.hash, var.key.range]))}: name the table's own in `recipe.record.key` and `recipe.jobs.key`."
    }

    postcondition {
      condition = alltrue([for attribute in self.attribute :
        attribute.type == "S" || !contains([self.hash_key, self.range_key], attribute.name)
      ])
      error_message = "The table ${var.existing_name} is keyed by numbers or bytes, and a record's key is text: name a table in `catalog.existing_table_name` whose key is of strings."
    }
  }

  depends_on = [data.aws_dynamodb_tables.all]
}
