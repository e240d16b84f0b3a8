"""Pictures of image references: frames of videos by their time, files, embedded pictures."""
