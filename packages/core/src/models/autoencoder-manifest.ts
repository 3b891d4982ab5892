import { z } from 'zod';
import { autoencoderMisfits, decoder, encoder, latent, running } from './autoencoder-parts.js';
import { about } from './parts.js';

/** Dec(E(I)) (Eq. 5): a picture through a latent space and back, of a latent diffusion model or of none. */
export const autoencoder = z
  .strictObject({
    ...about,
    kind: z.literal('autoencoder'),
    parts: z.strictObject({ encoder, decoder }),
    latent,
    ...running,
  })
  .check((context) => {
    for (const { path, expected } of autoencoderMisfits(context.value))
      context.issues.push({ code: 'custom', message: expected, path: [...path], input: context.value });
  });
