// The JSON file of tools/embed_contracts.py as read-only data.
    .section .rodata
    .global butter_contracts_begin
    .global butter_contracts_end
butter_contracts_begin:
    .incbin BUTTER_CONTRACTS_FILE
butter_contracts_end:
    .section .note.GNU-stack,"",@progbits
