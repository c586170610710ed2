// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Prices of messages: fee = (baseGas[toChain] + gasLimit) * gasPrice[toChain][feeToken]
interface IFeeService {
    /// The chain has no base gas set, or no price in this token.
    error NotPriced(uint256 toChain, address feeToken);

    event BaseGasSet(uint256 indexed toChain, uint256 baseGas);
    event GasPriceSet(uint256 indexed toChain, address indexed feeToken, uint256 gasPrice);
    event ReceiverSet(address indexed receiver);

    /// @notice Fee of a message, in wei or in the token's smallest unit, and who receives it.
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver);

    /// @notice The same fee in the native coin, without whom it goes to: all that sending asks for.
    function getNativeFee(uint256 toChain, uint256 gasLimit) external view returns (uint256 fee);
}
