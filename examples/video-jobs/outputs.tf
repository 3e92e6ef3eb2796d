output "function" {
  description = "The function to invoke."
  value       = module.media.functions.videos.name
}

output "command" {
  description = "How to invoke it by hand."
  value       = module.media.cutting_job
}
