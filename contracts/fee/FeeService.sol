// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../governance/Governed.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";

/// @title Prices of messages
/// @dev Warning: the pricer can set any price within the bounds below, at once; it can make sending expensive or
/// free, nothing else. The owner (timelock) sets the pricer and who receives fees.
contract FeeService is IFeeService, Governed {
    /// A price is at most this much of the token's smallest unit per gas, so that no fee overflows.
    uint256 public constant GAS_PRICE_MAX = 1e30;
    uint256 public constant BASE_GAS_MAX = 1e8;

    address public pricer;
    address public receiver;
    mapping(uint256 toChain => uint256) public baseGas;
    mapping(uint256 toChain => mapping(address feeToken => uint256)) public gasPrice;

    event PricerSet(address indexed pricer);

    error NotPricer(address caller);
    error AboveMaximum(uint256 value, uint256 maximum);
    error ZeroAddress();

    modifier onlyPricer() {
        if (msg.sender != pricer) revert NotPricer(msg.sender);
        _;
    }

    function initialize(address owner_, address pricer_, address receiver_) external initializer {
        __Ownable_init(owner_);
        _setPricer(pricer_);
        _setReceiver(receiver_);
    }

    /// @notice Gas of a delivery itself. 0 closes the lane for sending.
    function setBaseGas(uint256 toChain, uint256 gas) external onlyPricer {
        if (gas > BASE_GAS_MAX) revert AboveMaximum(gas, BASE_GAS_MAX);
        baseGas[toChain] = gas;
        emit BaseGasSet(toChain, gas);
    }

    /// @notice Price of one unit of gas of `toChain` in `feeToken`; 0 means the token is not accepted.
    function setGasPrice(uint256 toChain, address feeToken, uint256 price) external onlyPricer {
        if (price > GAS_PRICE_MAX) revert AboveMaximum(price, GAS_PRICE_MAX);
        gasPrice[toChain][feeToken] = price;
        emit GasPriceSet(toChain, feeToken, price);
    }

    function setPricer(address pricer_) external onlyOwner {
        _setPricer(pricer_);
    }

    function setReceiver(address receiver_) external onlyOwner {
        _setReceiver(receiver_);
    }

    /// @inheritdoc IFeeService
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver_)
    {
        uint256 base = baseGas[toChain];
        uint256 price = gasPrice[toChain][feeToken];
        if (base == 0 || price == 0) revert NotPriced(toChain, feeToken);
        return ((base + gasLimit) * price, receiver);
    }

    function _setPricer(address pricer_) private {
        if (pricer_ == address(0)) revert ZeroAddress();
        pricer = pricer_;
        emit PricerSet(pricer_);
    }

    function _setReceiver(address receiver_) private {
        if (receiver_ == address(0)) revert ZeroAddress();
        receiver = receiver_;
        emit ReceiverSet(receiver_);
    }
}
