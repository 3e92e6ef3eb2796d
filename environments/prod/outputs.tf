output "media" {
  description = "What the module made, as its outputs of the same names say."
  value = {
    bucket    = module.media.bucket
    table     = module.media.table
    functions = module.media.functions
    queues    = module.media.queues
    recipe    = module.media.recipe
    sweep     = module.media.sweep
  }
}
