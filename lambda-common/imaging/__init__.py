"""Still pictures: from an untrusted file to renditions and placeholders."""
