/**
 * The spec of a RequestValidation (greenroom.dev): what a request may look like before it reaches the application: an
 * OpenAPI document's operations, the types of its body, how much of it there may be.
 */
import { z } from 'zod';
import { report } from '../issue.ts';
import { selectorSchema } from '../istio/attachment.ts';
import { requestMatchSchema } from './values.ts';

const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/([a-z0-9!#$&^_.+-]+|\*)$/;

export const requestValidationSpecSchema = z
  .strictObject({
    selector: selectorSchema.optional(),
    /** The requests that are looked at; absent = all. */
    match: requestMatchSchema.optional(),
    openapi: z
      .strictObject({
        /** Of an OpenAPI 3 document, relative to the policy file. */
        file: z.string().min(1),
        /** Whether paths and methods that the document doesn't have are let through. */
        unknownOperations: z.enum(['deny', 'allow']).default('deny'),
      })
      .optional(),
    /** Of bodies, without parameters: `application/json`, `image/*`. */
    contentTypes: z.array(z.string().regex(MEDIA_TYPE, 'not a media type in lower case')).min(1).optional(),
    limits: z
      .strictObject({
        bodyBytes: z.int().min(0).optional(),
        /** Names and values together. */
        headerBytes: z.int().min(1).optional(),
        headers: z.int().min(1).optional(),
        /** Path with query. */
        pathBytes: z.int().min(1).optional(),
      })
      .optional(),
  })
  .superRefine((spec, context) => {
    if (spec.openapi || spec.contentTypes || Object.keys(spec.limits ?? {}).length > 0) return;
    report(context, {
      path: [],
      code: 'empty-value',
      message: 'a RequestValidation without openapi, contentTypes and limits checks nothing',
    });
  });

export type RequestValidationSpec = z.infer<typeof requestValidationSpecSchema>;
