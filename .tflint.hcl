# Run by `make check` where tflint is installed: in the root and in each folder of modules,
# environments and examples, with this file for all.

# The ruleset that comes with tflint.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
  version = "0.48.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}

# It wants every variable in variables.tf and every output in outputs.tf. Those of the root are
# many, and lie in a file for each concern: variables-recipe.tf, outputs-recipe.tf.
rule "terraform_standard_module_structure" {
  enabled = false
}
