output "function" {
  description = "The function to invoke."
  value       = module.media.functions.videos.name
}

output "policies" {
  description = "What the role must allow, by reason."
  value       = module.media.policies.videos
}
