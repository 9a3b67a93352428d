"""Can a verified quotation be trusted? Quotations true, altered, cut short, spliced and invented; what each is called.

    python -m benchmarks.quotations DATA_FOLDER [SEED]

Prints kind × verdict, then every quotation that was misjudged. Exit code 1 if a quotation that is not in the collection
is called found, or if fewer than 99 % of the exact ones are found. The cases are made from whatever the collection
holds in Chinese, English and Russian, without any code of the verifier's; the invented ones are written by hand.
A case is dropped where its label could be argued about; comments say by which criterion.

`words` says what to exchange, `cases` what a case is and what it is made of, `genuine` and `forged` make them,
`generation` picks them, `judging` holds the verifier's verdicts against them.
"""
